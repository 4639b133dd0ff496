"""What several baselines need."""
