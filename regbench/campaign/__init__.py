"""What `regbench run` does: choose benchmarks, plan them, train them in rounds, and say what came of it.

It prints nothing. What happens is handed to `on_event` as values (`regbench.runner.Event` and `campaign.events`), so
that the command line and Python (`regbench.run`) use the same code.
"""
