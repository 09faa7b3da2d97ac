"""The machine room of the data stages: tasks on datatrove executors, steps, and the writer of kept and excluded."""
