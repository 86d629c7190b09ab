"""The rules as a Pulumi policy pack."""
