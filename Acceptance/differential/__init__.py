"""The same requests to MLflow's own server and to ours, and what their answers differ in."""
