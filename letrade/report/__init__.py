"""A run's report: a folder with every number as JSON, the record as Parquet, and one page that needs no network."""
