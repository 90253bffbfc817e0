"""Nobody reaches what is another city's, another station's, another partner's: proven, not meant."""
