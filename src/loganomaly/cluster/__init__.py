"""The scan, the merging and the second look at the input, on the workers of a Dask cluster."""
