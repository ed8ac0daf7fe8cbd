"""The Kubernetes tools in words: what one types, and what comes back."""
