"""The dashboard: Streamlit pages, which know the API by its address and the tables by storage."""
