"""Plan and run ground promotion: who walks which street for the next seven days, and when to move on."""
