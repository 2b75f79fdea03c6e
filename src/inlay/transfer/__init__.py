"""Runs from and to elsewhere: MLflow, TensorBoard, W&B, CSV; MLflow, Parquet and JSON."""
