"""Images that somebody labelled: where they come from, and how they are read and kept.

What is read comes out as a `Dataset`, checked: whoever has one need not ask again whether its labels are in
range.
"""
