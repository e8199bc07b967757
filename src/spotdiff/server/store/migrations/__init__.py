"""Steps that bring the tables of an older server to their present shape, run by Alembic."""
