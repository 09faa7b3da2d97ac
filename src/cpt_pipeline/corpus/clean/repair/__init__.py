"""Repair of text: encoding damage, characters, units, wrapped lines, lines of noise."""
