"""Rows to CSV, XLSX, JSON and Parquet: what the command line and the dashboard hand out."""
