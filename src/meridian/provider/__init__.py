"""Our own provider plugin, `meridian`: resources that no published provider has, in every environment alike."""
