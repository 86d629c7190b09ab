"""A simulated Netlify on loopback: the part of the real API that sites and deploys need, and the sites themselves."""
