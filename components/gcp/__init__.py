"""Components on Google Cloud; import each from its own module, so that a unit pays only for what it uses."""
