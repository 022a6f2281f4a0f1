"""An application that is put beside the example's board: pages for load, tasks that are counted."""
