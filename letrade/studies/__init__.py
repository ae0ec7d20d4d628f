"""Studies: many seeded worlds in which a desk's own actors are measured against somebody who knows what comes."""
