"""Market data as typed columns, and the catalogue of Parquet files that keeps it."""
