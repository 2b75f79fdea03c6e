"""Reading: what the store holds, as Python values, NumPy columns and SQL results.

Every question first takes in what the journals hold, so that an answer is never older than the question.
"""
