"""The Pulumi program: stack name -> unit; each unit reads as a wiring diagram."""
