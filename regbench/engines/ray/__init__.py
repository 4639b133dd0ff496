"""The Ray engine: one long-lived actor per slot of a cluster, each with a worker process like those of this machine."""
