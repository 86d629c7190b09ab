"""What a plan is proved to do before it is applied: pure functions over the model and the merged plan."""
