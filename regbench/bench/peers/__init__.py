"""Other ways to train the same jobs, which `regbench bench` measures beside ours; all start from a model of ours."""
