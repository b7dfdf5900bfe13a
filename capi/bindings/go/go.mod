module tenon.local/tenon

go 1.19
