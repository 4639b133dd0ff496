"""What is spent beside the training: planning, storing, reporting, starting up."""
