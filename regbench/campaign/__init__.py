"""The work of `regbench run`: choose benchmarks, plan them, train them in rounds, and return the results.

Nothing is printed. Events (`regbench.runner.Event` and `campaign.events`) are passed to `on_event`, so that the command
line and Python (`regbench.run`) use the same code.
"""
