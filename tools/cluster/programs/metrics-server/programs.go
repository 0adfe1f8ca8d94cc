//go:build programs

// Package programs names the program, so that go.sum covers it.
package programs

import _ "sigs.k8s.io/metrics-server/cmd/metrics-server"
