"""The driver: the service's own part of a scoring process. It runs the user's code in the deployment's environment.

It uses only the standard library and the syntax of Python 3.7, as the user chooses that environment. It imports what a
model or a result needs (pandas, mlflow, …) when it meets one.
"""
