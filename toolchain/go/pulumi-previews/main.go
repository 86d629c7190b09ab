// Command pulumi-previews runs many `pulumi preview` commands in one process.
//
// An engine of its own for each of a dozen stacks costs each the start of the program and the derivation of the same key, a
// quarter of a second of a core, more than planning a small stack takes. A preview changes nothing, so stacks can share a
// process: what falls with it is only a plan. The commands are those of the engine's own command line, unchanged.
//
// Each line of standard input is a request {"id": "...", "arguments": ["preview", "--stack", ...]}; each line of standard
// output answers one: {"id": "...", "code": 0, "error": ""}. It ends with its standard input. What the commands print goes to
// standard error.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/automaxprocs/maxprocs"

	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/cmd"
	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/operations"
	cmdStack "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/stack"
	"github.com/pulumi/pulumi/pkg/v3/secrets/passphrase"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/result"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

type request struct {
	ID        string   `json:"id"`
	Arguments []string `json:"arguments"`
}

type answer struct {
	ID    string `json:"id"`
	Code  int    `json:"code"`
	Error string `json:"error"`
}

func command() *cobra.Command {
	root := &cobra.Command{Use: "pulumi", SilenceErrors: true, SilenceUsage: true}
	// Of the root command of `pulumi`, set for the whole process below.
	root.PersistentFlags().Bool("non-interactive", true, "")
	root.PersistentFlags().String("color", "never", "")
	root.AddCommand(operations.NewPreviewCmd())
	return root
}

func run(each request, commands <-chan *cobra.Command) answer {
	var root *cobra.Command
	select {
	case root = <-commands:
	default:
		return answer{each.ID, 255, "error: more previews than -previews said; fix: say more"}
	}
	root.SetArgs(each.Arguments)
	err := root.ExecuteContext(context.Background())
	switch {
	case err == nil:
		return answer{ID: each.ID}
	case result.IsBail(err): // told in the event log already
		return answer{ID: each.ID, Code: 255}
	default:
		cmd.DisplayErrorMessage(err) // with the engine's advice
		return answer{each.ID, 255, "error: " + err.Error()}
	}
}

func main() {
	// The engine keeps the file's name in a variable of the whole process, so it cannot be a request's.
	settings := flag.String("config-file", "", "the settings `file` that all stacks share")
	salt := flag.String("salt", "", "the `salt` that the stacks share: their key is derived once")
	previews := flag.Int("previews", 0, "how `many` previews will be asked for at most")
	flag.Parse()
	maxprocs.Set() //nolint:errcheck // then it is the number of processors, as without the call
	// The commands print to os.Stdout, which is for the answers.
	answers := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr
	// Each running preview hears the signal for itself, and is asked to stop; between previews it is no reason to end.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	cmdutil.DisableInteractive = true
	if err := cmdutil.SetGlobalColorization("never"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Making a command sets the variable of the settings' file anew, so all are made before the first runs.
	commands := make(chan *cobra.Command, *previews)
	for range *previews {
		commands <- command()
	}
	cmdStack.ConfigFile = *settings
	if *salt != "" {
		// It keeps what it made; commands that begin together would each derive the key. What is wrong is told by each.
		stack := &workspace.ProjectStack{EncryptionSalt: *salt}
		passphrase.NewPromptingPassphraseSecretsManager(stack, false) //nolint:errcheck
	}

	var writing sync.Mutex
	var running sync.WaitGroup
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var each request
		if err := json.Unmarshal(lines.Bytes(), &each); err != nil {
			fmt.Fprintln(os.Stderr, "not a request:", err)
			os.Exit(1)
		}
		running.Add(1)
		go func() {
			defer running.Done()
			said := run(each, commands)
			writing.Lock()
			defer writing.Unlock()
			answers.Encode(said) //nolint:errcheck // nobody may listen any more; then the input has ended, too
		}()
	}
	stop(&running)
}

// stop asks previews that still run when nobody wants them any more to end their providers, and waits a moment for it.
func stop(running *sync.WaitGroup) {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		self.Signal(os.Interrupt) //nolint:errcheck // then the providers end when they see that this process has gone
	}
	ended := make(chan struct{})
	go func() { running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(2 * time.Second):
	}
}
