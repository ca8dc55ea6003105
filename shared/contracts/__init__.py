"""The data that crosses a boundary: resources, jobs, queue messages, progress rows, REST bodies."""
