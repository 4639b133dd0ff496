"""The outcome of a gate as text, Markdown, JUnit XML and annotations, and a workflow that runs one."""
