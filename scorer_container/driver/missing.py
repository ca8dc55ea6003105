"""Words that stand for a missing value in columns of numbers, booleans and dates."""

MISSING_WORDS = [
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"),
    *("NULL", "NaN", "None", "n/a", "nan", "null"),
]
"""Those of pandas: see the parameter `na_values` of `pandas.read_csv`."""
