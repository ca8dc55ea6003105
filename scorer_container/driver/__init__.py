"""The part of a scoring process that is ours: runs the user's code in the deployment's own environment.

Standard library only and Python 3.7 syntax, as that environment is not ours to choose. What a model or a result
needs (pandas, mlflow, …) is imported when it is met.
"""
