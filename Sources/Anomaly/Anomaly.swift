// Anomaly
