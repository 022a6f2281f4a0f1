"""Beat on Kubernetes: any scheduler class under a lock, and one that publishes every due time."""
