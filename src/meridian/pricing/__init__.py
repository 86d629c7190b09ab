"""Prices read anew from the clouds' own price lists, into the file of assumptions."""
