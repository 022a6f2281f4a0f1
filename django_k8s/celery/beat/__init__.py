"""Beat on Kubernetes: a lock for any scheduler class, and a scheduler that publishes every due time."""
