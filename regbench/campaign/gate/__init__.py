"""CI regression of results: `bless` writes a reviewed file of results, `gate` asks whether the code still gives them.

lock.py is the file as values, file.py reads and writes it; bless.py makes one of a database; gate.py trains and judges.
"""
