"""What kubectl prints of an answer: tables, YAML, JSON, JSONPath, columns of one's own, names.

Answers are plain dicts, as the API's JSON has them, and all here are pure functions from them to text. Which answers there are,
and which form is asked for, is not decided here.
"""
