"""How each kind of value becomes a file of a run, and a value again: figures, images, tables, models, datasets."""
