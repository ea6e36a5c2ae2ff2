using Dapper;

// Every read through Dapper is written out by the compiler, so that nothing that a host sets for the whole process (SqlMapper's type handlers,
// type maps and settings) changes what Roost reads, and a program that was trimmed still has it. The columns have the types that the schema gives.
// Statement is for what runs with each step, for a list whose pages go row by row, and for a statement that runs once for each of many keys.
[module: DapperAot]
[module: StrictTypes]
