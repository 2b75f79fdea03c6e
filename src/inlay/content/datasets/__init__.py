"""What a run's input is: kind, size, schema, profile and digests of data from any library, without importing one."""
