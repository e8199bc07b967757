"""SQLite and PostgreSQL as events and the server use them: connections, migrations, and what can go wrong."""
