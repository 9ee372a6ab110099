"""People who help people: mentors and champions, of those who agreed to be one."""
