"""Steps that bring the tables of an older store to their present shape, run by Alembic."""
