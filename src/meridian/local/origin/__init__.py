"""The origin behind the edge on each cluster: stands for the cluster's Service until the portal takes its place."""
