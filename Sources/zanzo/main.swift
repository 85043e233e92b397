print("zanzo")
