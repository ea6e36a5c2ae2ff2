using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;

namespace Roost.Extensions.Hosting;

/// <summary>Paths of a configuration. Relative ones are taken from the host's content root, where a service's files are wherever it was started.</summary>
internal sealed class Places(IHostEnvironment? environment)
{
    [return: NotNullIfNotNull(nameof(path))]
    public string? Of(string? path) =>
        path is null ? null : Path.GetFullPath(path, environment is { ContentRootPath: { Length: > 0 } root } ? root : Environment.CurrentDirectory);
}
