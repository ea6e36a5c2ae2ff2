using Roost.Sqlite;
using Roost.Sqlite.Writing;

namespace Roost.Tests.Support;

/// <summary>What is behind a runtime's store, for tests of the SQLite file.</summary>
internal static class StoreParts
{
    extension(RoostRuntime roost)
    {
        public Writer Writer => SqliteStore.Of(roost).Writer;
    }
}
