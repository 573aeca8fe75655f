# The tables are Parquet files in the bucket: the right on it in main.tf is all that they need.
