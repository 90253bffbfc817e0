"""Registry: cities and their packs, divisions, stations, people employed, agencies, partners."""
