//go:build programs

// Package programs names the program, so that go.sum covers it.
package programs

import _ "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"
